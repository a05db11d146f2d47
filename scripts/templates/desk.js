// SPDX-License-Identifier: Apache-2.0
// A standing desk with a Jiecang controller. What it does is the shipped script; what you add goes below.
// For other desks import loctek.js or relay-desk.js instead; each file begins with its settings.

import '../jiecang.js';
