# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Reports that people look at: pages of charts and tables that open offline.

`content` says what a page is made of, `page` writes it; `evaluation`, `changes`, `community` and `story` turn
taxonomies into the figures, and the modules whose names end in `_page` lay them out. Only `page` knows q2templates.
"""
