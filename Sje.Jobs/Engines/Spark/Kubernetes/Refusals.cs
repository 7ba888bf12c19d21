using System.Net;
using System.Text.RegularExpressions;
using Sje.Core.Jobs;
using Sje.Core.Reliability;

namespace Sje.Jobs.Engines.Spark.Kubernetes;

/// <summary>What a refusal of the API server means for a submission.</summary>
internal static partial class Refusals
{
    public static TaskError ErrorOf(KubernetesRefusal refusal, DriverNames names, string cluster)
    {
        var message = refusal.Message;
        if (message.Contains("exceeded quota", StringComparison.Ordinal))
        {
            // Others give back what they have; a later attempt may find room.
            return new TaskError("resources", $"The quota of namespace {names.Namespace} is used up: {message}");
        }

        if (ServiceAccount().Match(message) is { Success: true } account)
        {
            return Invalid(
                $"There is no service account {account.Groups["name"].Value} in namespace {names.Namespace} of cluster {cluster}."
            );
        }

        return refusal.Status switch
        {
            HttpStatusCode.Unauthorized => Invalid(
                $"Cluster {cluster} does not know who asks (401): its profile's token or kubeconfig is wrong or too old."
            ),
            HttpStatusCode.Forbidden => Invalid(
                $"Cluster {cluster} does not allow it in namespace {names.Namespace}: {message}"
            ),
            HttpStatusCode.NotFound => Invalid(
                $"There is no namespace {names.Namespace} on cluster {cluster}: {message}"
            ),
            HttpStatusCode.Conflict => new TaskError("temporary", $"Cluster {cluster}: {message}"),
            _ => Invalid($"Cluster {cluster} does not take the driver's objects as they are: {message}"),
        };
    }

    private static TaskError Invalid(string message) => new(FailureClasses.Invalid, message);

    [GeneratedRegex(
        """service ?accounts? (".*?/)?"?(?<name>[a-z0-9.-]+)"?:? (not found|does not exist|"[a-z0-9.-]+" not found)""",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture
    )]
    private static partial Regex ServiceAccount();
}
