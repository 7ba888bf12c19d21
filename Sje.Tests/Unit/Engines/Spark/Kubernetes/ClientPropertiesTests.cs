using System.Text.Json.Nodes;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Kubernetes;

namespace Sje.Tests.Unit.Engines.Spark.Kubernetes;

/// <summary>What <c>spark-submit</c> is told, so that what it makes is what we would have made, under our name.</summary>
public sealed class ClientPropertiesTests : IDisposable
{
    private static readonly DriverNames Names = new("spark", "pi-driver");

    private readonly string folder = Directory.CreateTempSubdirectory("sje-client-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void The_name_the_mark_and_the_fields_of_job_and_profile_become_properties()
    {
        var application = Drivers.Python(
            new Dictionary<string, string> { ["spark.kubernetes.driver.annotateExitException"] = "false" },
            new SparkKubernetesSettings
            {
                Image = "mine:1",
                NodeSelector = new Dictionary<string, string> { ["disk"] = "ssd" },
                ExecutorNodeSelector = new Dictionary<string, string> { ["spot"] = "true" },
                Tolerations = [new JsonObject { ["key"] = "spot" }],
                DriverTemplate = new JsonObject { ["spec"] = new JsonObject { ["priorityClassName"] = "high" } },
            }
        ) with
        {
            Environment = new Dictionary<string, string> { ["NOTE"] = "a b" },
        };
        application.Cluster.TokenFile = "/token";
        application.Cluster.CaCertFile = "/ca.crt";

        var told = ClientProperties.Of(application, Names, Drivers.Mark, folder);

        Assert.Equal("pi-driver", told["spark.kubernetes.driver.pod.name"]);
        Assert.Equal("spark", told["spark.kubernetes.namespace"]);
        Assert.Equal(Drivers.Mark, told["spark.kubernetes.driver.annotation." + DriverObjects.MarkAnnotation]);
        Assert.Equal("sje", told["spark.kubernetes.driver.label." + DriverObjects.ManagedByLabel]);
        Assert.Equal("false", told["spark.kubernetes.submission.waitAppCompletion"]);
        Assert.Equal("mine:1", told["spark.kubernetes.container.image"]);
        Assert.Equal("spark", told["spark.kubernetes.authenticate.driver.serviceAccountName"]);
        Assert.Equal("/token", told["spark.kubernetes.authenticate.submission.oauthTokenFile"]);
        Assert.Equal("/ca.crt", told["spark.kubernetes.authenticate.submission.caCertFile"]);
        Assert.Equal("ssd", told["spark.kubernetes.node.selector.disk"]);
        Assert.Equal("true", told["spark.kubernetes.executor.node.selector.spot"]);
        Assert.Equal("a b", told["spark.kubernetes.driverEnv.NOTE"]);
        // The job's own word stays.
        Assert.False(told.ContainsKey("spark.kubernetes.driver.annotateExitException"));

        var driver = JsonNode.Parse(File.ReadAllText(told[DriverProperties.PodTemplateFile]))!["spec"]!;
        Assert.Equal("high", driver["priorityClassName"]!.ToString());
        Assert.Equal("spot", driver["tolerations"]![0]!["key"]!.ToString());
        var executor = JsonNode.Parse(File.ReadAllText(told[DriverProperties.ExecutorPodTemplateFile]))!["spec"]!;
        Assert.Equal("spot", executor["tolerations"]![0]!["key"]!.ToString());
    }

    [Fact]
    public void A_kubeconfig_signs_in_by_itself_and_without_templates_there_are_none()
    {
        var application = Drivers.Python();
        application.Cluster.Kubeconfig = "/kubeconfig";

        var told = ClientProperties.Of(application, Names, Drivers.Mark, folder);

        Assert.DoesNotContain(told.Keys, key => key.Contains("submission.oauth", StringComparison.Ordinal));
        Assert.DoesNotContain(told.Keys, key => key.Contains("podTemplate", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(folder));
    }

    [Fact]
    public void Whether_a_driver_may_be_made_is_asked_without_what_only_spark_submit_can_do()
    {
        var application = Drivers.Python(
            new Dictionary<string, string>
            {
                ["spark.jars"] = "/home/me/a.jar",
                ["spark.kerberos.keytab"] = "/k",
                ["spark.driver.memory"] = "2g",
            }
        ) with
        {
            Resource = "/home/me/app.py",
            Packages = ["a:b:1"],
            Principal = "p",
            Keytab = "/k",
            Way = SubmissionWay.SparkSubmit,
        };

        var plain = ClientProperties.Plain(application);

        Assert.True(Coverage.Covers(plain, out var why), why);
        Assert.Equal("2g", plain.Properties["spark.driver.memory"]);
        Assert.Equal("local:///application.py", plain.Resource);
    }
}
