/**
 * The kit. What is heavy is imported by its own path, so that pages pay only for what they use:
 * `ui/DataTable`, `ui/Chart`, `ui/JsonForm`; `CodeView` loads its editor by itself.
 */
export { Button, ButtonLink, IconButton, PageLink, type ButtonProps } from "./Button";
export { Card, PageHead } from "./Card";
export { CodeView, type CodeProblem, type CodeViewProps } from "./CodeView";
export { confirmed, useConfirm, type ConfirmOptions } from "./confirm";
export { Dialog } from "./Dialog";
export { Checkbox, Field, Select, TextArea, TextField, type FieldProps, type Option } from "./fields";
export { Icon, type IconName } from "./Icon";
export { EmptyState, ErrorState, Skeleton, useLate } from "./placeholders";
export { StateIcon, StateMark } from "./StateMark";
export { colourOf, lookOf, type Tone } from "./states";
export { Tabs, type Tab } from "./Tabs";
export { showToast, useToasts, type ToastOptions } from "./toasts";
export { Bytes, CopyButton, Count, Duration, Meter, Progress, Ticks, Time, useNow, type TickRun } from "./values";
