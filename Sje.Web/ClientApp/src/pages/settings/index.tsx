import { PageHead } from "../../ui";

export default function SettingsPage() {
  return <PageHead title="Settings" />;
}
