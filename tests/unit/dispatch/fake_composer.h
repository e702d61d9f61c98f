/*
 * A composer that copies the body, for tests of what stands around it. A body that begins with '!'
 * or '?' can never become an event, for two different reasons. Letters in front of it are not
 * copied: 's' makes a subscriber and 'c' a command of it, then "*3:" three items. A body that
 * begins with '-', after its letter, has no unique key.
 */
#ifndef UNIT_DISPATCH_FAKE_COMPOSER_H
#define UNIT_DISPATCH_FAKE_COMPOSER_H

#include "dispatch/port/composer.h"

extern const struct composer fake_composer;

#endif
