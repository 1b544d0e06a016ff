// Skills on fixtures: drawers, doors and knobs. Each runs until its predicate would hold with some
// margin, then lets go; true when it got there. What they need to know of a category is in the
// tables; a category that is not there is an Error.

#pragma once

#include "tasks/expert/arm.h"
#include "tasks/expert/tables.h"

namespace vega {

// Hooks the closed fingers behind the handle from above and drags. `drawer` has one slide joint.
Script OpenDrawer(Arm& arm, const ExpertTables& tables, const Region& drawer);
// Pushes the handle with the closed fingers.
Script CloseDrawer(Arm& arm, const ExpertTables& tables, const Region& drawer);

// Pushes the knob's bar round with a finger; the hand turns with it, or torsional friction holds
// it. `on` is counter-clockwise from above.
Script TurnKnob(Arm& arm, const ExpertTables& tables, const Item& fixture, bool on);

// Pinches the handle from above and follows its arc.
Script OpenDoor(Arm& arm, const ExpertTables& tables, const Item& fixture);
// Pushes the outer face.
Script CloseDoor(Arm& arm, const ExpertTables& tables, const Item& fixture);
// Pushes the inner face until nothing bars the way in; does nothing where that is so already.
Script WidenDoor(Arm& arm, const ExpertTables& tables, const Item& fixture);

// Whether something can go in: the drawer is drawn far enough, the door far enough open.
bool IsOpen(const World& world, const ExpertTables& tables, const Region& region);

}  // namespace vega
