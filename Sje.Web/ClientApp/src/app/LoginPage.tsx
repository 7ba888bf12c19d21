import { PageHead } from "../ui/Card";

export default function LoginPage() {
  return <PageHead title="Sign in" />;
}
