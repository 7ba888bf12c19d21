import { PageHead } from "../../ui";

export default function ExecutionPage() {
  return <PageHead title="Execution" />;
}
