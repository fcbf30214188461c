# SPDX-License-Identifier: BSD-2-Clause
# make install PREFIX=/usr/local DESTDIR= SYSCONFDIR=/etc UNITDIR= MANDIR= DOCDIR=: tools/install has the list.
INSTALL_ENV = B='$(B)' PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' SYSCONFDIR='$(SYSCONFDIR)' UNITDIR='$(UNITDIR)' \
	MANDIR='$(MANDIR)' DOCDIR='$(DOCDIR)'

install: all ## programs, units, manual pages, completion, examples: PREFIX=/usr/local DESTDIR=
	$(Q)$(INSTALL_ENV) tools/install install
uninstall: ## all of that away again; a configuration that was changed stays
	$(Q)$(INSTALL_ENV) tools/install uninstall
.PHONY: install uninstall
