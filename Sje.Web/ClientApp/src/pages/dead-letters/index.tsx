import { PageHead } from "../../ui";

export default function DeadLettersPage() {
  return <PageHead title="Dead letters" />;
}
