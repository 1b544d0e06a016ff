// The skill of drawing a flat thing along the table by its rim.

#pragma once

#include "tasks/expert/arm.h"
#include "tasks/expert/place_options.h"
#include "tasks/expert/tables.h"

namespace vega {

// Pinches the rim on the side it is to go to, one finger within, and draws the item until its root
// is within the target, a region of the workspace; takes hold again when the rim is lost. True when
// the root got there; false at once where too much stands in the way to draw it past.
Script Slide(Arm& arm, const ExpertTables& tables, const Item& item, const Region& region);

}  // namespace vega
