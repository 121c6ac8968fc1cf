#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes gru.safetensors with PyTorch's own unit: weights, items, states and gradients (pip install torch safetensors)."""
import pathlib

import torch
from safetensors.torch import save_file

torch.manual_seed(1)
inputs, width, lengths = 5, 18, [3, 1, 50, 2, 7]


def rounded(shape):
    """Random numbers that single precision holds, in double precision."""
    return (0.4 * torch.randn(shape)).double()


unit = torch.nn.GRU(inputs, width, bidirectional=True).double()
with torch.no_grad():
    for parameter in unit.parameters():
        parameter.copy_(rounded(parameter.shape))
items = [(2 * rounded((length, inputs))).requires_grad_() for length in lengths]
coefficients = rounded((2, len(lengths), width))

_, state = unit(torch.nn.utils.rnn.pack_sequence(items, enforce_sorted=False))
(state * coefficients).sum().backward()

tensors = {"items": torch.cat(items), "items.gradient": torch.cat([item.grad for item in items])}
for index, direction in enumerate(["forward", "backward"]):
    tensors[f"{direction}.state"] = state[index]
    tensors[f"{direction}.coefficients"] = coefficients[index]
    for ours, theirs in [("input.weight", "weight_ih"), ("input.bias", "bias_ih"),
                         ("recurrent.weight", "weight_hh"), ("recurrent.bias", "bias_hh")]:
        parameter = getattr(unit, theirs + "_l0" + ("_reverse" if index else ""))
        tensors[f"{direction}.{ours}"] = parameter
        tensors[f"{direction}.{ours}.gradient"] = parameter.grad
save_file({name: tensor.detach().float().contiguous() for name, tensor in tensors.items()},
          pathlib.Path(__file__).parent / "gru.safetensors")
