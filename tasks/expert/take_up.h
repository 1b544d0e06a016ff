// Taking an episode up in its middle, where another policy has left the hand anywhere.

#pragma once

#include "tasks/expert/arm.h"

namespace vega {

// Out from under whatever hangs over the hand and what it holds, which may be null.
Script BackOut(Arm& arm, const Item* held);

// Puts down what the hand holds, on the table, near by, where nothing stands.
Script PutDown(Arm& arm, const Item& held);

}  // namespace vega
