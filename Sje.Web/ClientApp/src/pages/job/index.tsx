import { PageHead } from "../../ui";

export default function JobPage() {
  return <PageHead title="Job" />;
}
