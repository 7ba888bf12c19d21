export { useLive, useLiveStatus, type LiveEvent, type LiveStatus, type LiveTopic } from "./live";
