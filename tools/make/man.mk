# SPDX-License-Identifier: BSD-2-Clause
# The manual pages: the programs write them from their own tables.
MAN := $(B)/man

man: $(B)/bin/rouse $(B)/bin/roused ## the manual pages, in build/man
	$(call say,MAN,$(MAN))rm -rf $(MAN) && mkdir -p $(MAN) && $(B)/bin/rouse __man $(MAN) && \
		$(B)/bin/roused --print-options > $(MAN)/options.json && \
		$(B)/bin/rouse __man $(MAN) - < $(MAN)/options.json && rm $(MAN)/options.json

man-check: man ## mandoc finds nothing in them
	$(call say,MANDOC)! mandoc -T lint -W warning $(MAN)/* | grep -v 'missing date'

.PHONY: man man-check
