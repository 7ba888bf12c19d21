import { PageHead } from "../../ui";

export default function JobsPage() {
  return <PageHead title="Jobs" />;
}
