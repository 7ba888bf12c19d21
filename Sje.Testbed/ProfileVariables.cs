using System.Globalization;
using Sje.Jobs.Engines.Spark.Configuration;

namespace Sje.Testbed;

/// <summary>A cluster's profile as a process of ours takes it from its environment.</summary>
internal static class ProfileVariables
{
    /// <summary>The variables for a cluster of this name.</summary>
    public static IReadOnlyDictionary<string, string> Of(string cluster, SparkClusterOptions profile)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        void Put(string name, string? value)
        {
            if (value is not null)
            {
                variables[$"SJE_spark__clusters__{cluster}__{name}"] = value;
            }
        }

        void PutAll(string name, string[] values)
        {
            for (var i = 0; i < values.Length; i++)
            {
                Put(string.Create(CultureInfo.InvariantCulture, $"{name}__{i}"), values[i]);
            }
        }

        Put("master", profile.Master);
        PutAll("rest", profile.Rest);
        PutAll("webUi", profile.WebUi);
        PutAll("resourceManagers", profile.ResourceManagers);
        Put("hadoopConfDir", profile.HadoopConfDir);
        Put("nodeSparkHome", profile.NodeSparkHome);
        Put("namespace", profile.Namespace);
        Put("image", profile.Image);
        Put("serviceAccount", profile.ServiceAccount);
        Put("caCertFile", profile.CaCertFile);
        Put("tokenFile", profile.TokenFile);
        Put("eventLogDir", profile.EventLogDir);
        foreach (var (name, value) in profile.SparkConf)
        {
            Put("sparkConf__" + name, value);
        }

        return variables;
    }
}
