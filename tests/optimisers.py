"""Optimisers with their options, which the tests of optimisers share."""

from autograd.optim import SGD, Adam, AdamW, RMSprop

KINDS = {
    "sgd": lambda t: SGD(t, lr=0.2),
    "sgd decay": lambda t: SGD(t, lr=0.2, weight_decay=0.1),
    "momentum": lambda t: SGD(t, lr=0.2, momentum=0.9),
    "momentum decay": lambda t: SGD(t, lr=0.2, momentum=0.5, weight_decay=0.1),
    "nesterov": lambda t: SGD(t, lr=0.2, momentum=0.9, nesterov=True),
    "nesterov decay": lambda t: SGD(t, lr=0.2, momentum=0.5, nesterov=True, weight_decay=0.1),
    "adam": lambda t: Adam(t),
    "adam fast": lambda t: Adam(t, lr=0.05),
    "adam betas eps": lambda t: Adam(t, lr=0.05, betas=(0.8, 0.99), eps=0.1),
    "adam no mean": lambda t: Adam(t, lr=0.05, betas=(0.0, 0.9)),
    "adam decay": lambda t: Adam(t, lr=0.05, weight_decay=0.1),
    "adamw": lambda t: AdamW(t),
    "adamw decay": lambda t: AdamW(t, lr=0.05, betas=(0.8, 0.99), weight_decay=0.2),
    "rmsprop": lambda t: RMSprop(t),
    "rmsprop alpha eps": lambda t: RMSprop(t, lr=0.05, alpha=0.9, eps=0.1),
    "momentum lr": lambda t: SGD(t, lr=lambda step: 0.2 * 0.95**step, momentum=0.9),
    "adam lr": lambda t: Adam(t, lr=lambda step: 0.05 / (1 + step)),
    "adamw lr": lambda t: AdamW(t, lr=lambda step: 0.05 * 0.95**step, weight_decay=0.2),
}
