export { readAgain, useLiveRefresh } from "./refresh";
export { useLive, useLiveStatus, type LiveEvent, type LiveStatus, type LiveTopic } from "./live";
