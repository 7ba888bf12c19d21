import { PageHead } from "../../ui";

export default function OperationsPage() {
  return <PageHead title="Operations" />;
}
