import { PageHead } from "../../ui";

export default function SchedulesPage() {
  return <PageHead title="Schedules" />;
}
