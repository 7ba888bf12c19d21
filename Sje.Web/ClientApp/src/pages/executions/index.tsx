import { PageHead } from "../../ui";

export default function ExecutionsPage() {
  return <PageHead title="Executions" />;
}
