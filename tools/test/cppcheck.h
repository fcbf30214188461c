/* SPDX-License-Identifier: BSD-2-Clause */
/* Libraries' macros as cppcheck needs to see them; it does not read system headers. */
#ifndef RS_TEST_CPPCHECK_H
#define RS_TEST_CPPCHECK_H

#define LIBBPF_OPTS(type, name, ...)   struct type name = {0}
#define cJSON_ArrayForEach(item, list) for (item = (list)->child; item; item = item->next)

#endif
