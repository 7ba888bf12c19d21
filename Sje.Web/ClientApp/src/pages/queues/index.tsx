import { PageHead } from "../../ui";

export default function QueuesPage() {
  return <PageHead title="Queues" />;
}
