/*
 * A composer that copies the body, for tests of the frame around events. A body that begins with
 * '!' or '?' can never be sent, for two different reasons. Letters before it are not copied: 's'
 * makes a subscriber and 'c' a command, then "*3:" makes three items. A body that begins with '-',
 * after its letter, has no unique key.
 */
#ifndef UNIT_DISPATCH_FAKE_COMPOSER_H
#define UNIT_DISPATCH_FAKE_COMPOSER_H

#include "dispatch/port/composer.h"

extern const struct composer fake_composer;

#endif
