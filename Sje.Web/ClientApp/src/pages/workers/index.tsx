import { PageHead } from "../../ui";

export default function WorkersPage() {
  return <PageHead title="Workers" />;
}
