export { refusal, useAct, useRoleRefusal, type Actionable, type Deed } from "./act";
export { Facts, Panel, Stats, type Fact, type Stat } from "./Panel";
export { PauseDialog } from "./PauseDialog";
export { Spark } from "./Spark";
