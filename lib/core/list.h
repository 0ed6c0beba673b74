#ifndef SP_CORE_LIST_H
#define SP_CORE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A list of things that wait for their turn. A thing has a node for each list that it can be in, and is in a list once
 * or not at all. Nothing here allocates. `sp_list_owner` leads from a node to the thing.
 */
typedef struct sp_list_node {
    struct sp_list_node *previous;
    struct sp_list_node *next; /* NULL: in no list */
} sp_list_node;

/* The head of a list: front and back are next and previous. Never moved in memory while something is in the list. */
typedef struct sp_list {
    sp_list_node head;
} sp_list;

/* The struct of this type whose field `field` is this node. */
#define sp_list_owner(node, type, field) ((type *)(void *)((char *)(node)-offsetof(type, field)))

static inline void sp_list_init(sp_list *list)
{
    list->head.previous = list->head.next = &list->head;
}

static inline bool sp_list_is_empty(const sp_list *list)
{
    return list->head.next == &list->head;
}

static inline bool sp_list_holds(const sp_list_node *node)
{
    return node->next != NULL;
}

/* Adds it at the back. Does nothing when it is in a list. */
static inline void sp_list_add(sp_list *list, sp_list_node *node)
{
    if (node->next)
        return;
    node->previous = list->head.previous;
    node->next = &list->head;
    list->head.previous->next = node;
    list->head.previous = node;
}

/* Adds it at the front. Does nothing when it is in a list. */
static inline void sp_list_add_front(sp_list *list, sp_list_node *node)
{
    if (node->next)
        return;
    node->previous = &list->head;
    node->next = list->head.next;
    list->head.next->previous = node;
    list->head.next = node;
}

/* Takes it out of its list. Does nothing when it is in none. */
static inline void sp_list_remove(sp_list_node *node)
{
    if (!node->next)
        return;
    node->previous->next = node->next;
    node->next->previous = node->previous;
    node->previous = node->next = NULL;
}

/* The front, or NULL when the list is empty. */
static inline sp_list_node *sp_list_front(const sp_list *list)
{
    return sp_list_is_empty(list) ? NULL : list->head.next;
}

/* Takes the front out of the list, and returns it; NULL when the list is empty. */
static inline sp_list_node *sp_list_take(sp_list *list)
{
    sp_list_node *front = sp_list_front(list);
    if (front)
        sp_list_remove(front);
    return front;
}

/* Moves everything from one list to the back of another. */
static inline void sp_list_move(sp_list *to, sp_list *from)
{
    sp_list_node *node;
    while ((node = sp_list_take(from)))
        sp_list_add(to, node);
}

#endif
