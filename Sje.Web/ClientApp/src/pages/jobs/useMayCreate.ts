import { useSession } from "../../api/session";

/** Whether the caller may make new jobs and schedules; of those that are there the server says what may be done. */
export function useMayCreate(): boolean {
  const role = useSession().data?.role;
  return role !== undefined && role !== "viewer";
}
