/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists, made while they are sent: a piece of work for each turn of the loop,
 * one block of memory however long the list is. It is as of its
 * resourceVersion in this sense: a watch from there tells all that the list may
 * show too early or not at all.
 */
#ifndef RS_AGENT_SHOW_LIST_H
#define RS_AGENT_SHOW_LIST_H

#include "agent/agent.h"

/* Answers the request. */
void rs_list_begin(struct rs_agent *agent, const struct rs_api_request *request);

#endif
