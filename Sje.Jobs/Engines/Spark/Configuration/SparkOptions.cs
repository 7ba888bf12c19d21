using System.ComponentModel.DataAnnotations;

namespace Sje.Jobs.Engines.Spark.Configuration;

/// <summary>Which Sparks and which clusters this node knows.</summary>
public sealed class SparkOptions : IValidatableObject
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "spark";

    /// <summary>
    /// Spark distributions on this machine by name, mostly their version: <c>"4.1": {home: /opt/spark-4.1}</c>. Empty: the one that
    /// <c>SPARK_HOME</c> names, if any.
    /// </summary>
    public Dictionary<string, SparkInstallationOptions> Installations { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Clusters by the name that jobs use. <c>local</c> is there without being written: <c>local[*]</c> on the worker.</summary>
    public Dictionary<string, SparkClusterOptions> Clusters { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The cluster of a job that names none.</summary>
    public string DefaultCluster { get; set; } = "local";

    /// <summary>Sizes that a job may name instead of its own figures: <c>small: {executorInstances: 2, executorMemory: 2g}</c>.</summary>
    public Dictionary<string, SparkSizeOptions> Sizes { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Everything wrong with them, each fault with its key.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        SparkOptionsRules.Faults(this).Select(fault => new ValidationResult(fault.Message, [fault.Key]));
}

/// <summary>A Spark distribution on this machine.</summary>
public sealed class SparkInstallationOptions
{
    /// <summary>Its folder: the one with <c>bin/spark-submit</c>.</summary>
    [Required]
    public string Home { get; set; } = "";

    /// <summary>The Java to run it with; empty: <c>JAVA_HOME</c>, or <c>java</c> of the path.</summary>
    public string? JavaHome { get; set; }

    /// <summary>The Python of its applications; empty: <c>python3</c> of the path.</summary>
    public string? Python { get; set; }
}

/// <summary>A cluster that jobs can name.</summary>
public sealed class SparkClusterOptions
{
    /// <summary><c>local[*]</c>, <c>spark://host:7077[,host:7077]</c>, <c>yarn</c>, or <c>k8s://https://host:6443</c>.</summary>
    [Required]
    public string Master { get; set; } = "";

    /// <summary><c>cluster</c> or <c>client</c>: where the driver runs. Empty: <c>client</c> for <c>local[...]</c>, else <c>cluster</c>.</summary>
    public string? DeployMode { get; set; }

    /// <summary>The installation that its jobs use where they name no version; empty: the only or the first one.</summary>
    public string? Installation { get; set; }

    /// <summary>Standalone: the addresses of the masters' REST servers; empty: port 6066 of each master.</summary>
    public string[] Rest { get; set; } = [];

    /// <summary>Standalone: the addresses of the masters' pages; empty: port 8080 of each master.</summary>
    public string[] WebUi { get; set; } = [];

    /// <summary>YARN: the ResourceManagers' addresses, <c>http://rm1:8088</c>.</summary>
    public string[] ResourceManagers { get; set; } = [];

    /// <summary>YARN: the folder of Hadoop's configuration, for <c>spark-submit</c>.</summary>
    public string? HadoopConfDir { get; set; }

    /// <summary>YARN: the Spark distribution's folder on the nodes; empty: that of the installation.</summary>
    public string? NodeSparkHome { get; set; }

    /// <summary>YARN: the queue of jobs that name none.</summary>
    public string? Queue { get; set; }

    /// <summary>The user who is named to the cluster; empty: this process's.</summary>
    public string? User { get; set; }

    /// <summary>Kubernetes: the namespace.</summary>
    public string Namespace { get; set; } = "default";

    /// <summary>Kubernetes: the image of driver and executors.</summary>
    public string? Image { get; set; }

    /// <summary>Kubernetes: the drivers' service account.</summary>
    public string? ServiceAccount { get; set; }

    /// <summary>Kubernetes: a file with the API server's certificate authority.</summary>
    public string? CaCertFile { get; set; }

    /// <summary>Kubernetes: a file with the bearer token; it is read again when it changes.</summary>
    public string? TokenFile { get; set; }

    /// <summary>Kubernetes: a kubeconfig, instead of the two files.</summary>
    public string? Kubeconfig { get; set; }

    /// <summary>Where event logs go: a folder that driver and SJE see, or a URI. Empty: <c>spark-events</c> in the storage root, if the cluster sees that.</summary>
    public string? EventLogDir { get; set; }

    /// <summary>Spark properties of every job of this cluster; a job's own win.</summary>
    public Dictionary<string, string> SparkConf { get; } = new(StringComparer.Ordinal);

    /// <summary>What its resources cost.</summary>
    public SparkPriceOptions Price { get; set; } = new();
}

/// <summary>Prices per hour, in any one currency.</summary>
public sealed class SparkPriceOptions
{
    /// <summary>A core for an hour.</summary>
    public decimal CoreHour { get; set; }

    /// <summary>A GiB of memory for an hour.</summary>
    public decimal GibHour { get; set; }

    /// <summary>The part of the price that spot machines save, 0 to 1.</summary>
    public decimal SpotDiscount { get; set; }

    /// <summary>The currency, as people write it.</summary>
    public string Currency { get; set; } = "";
}

/// <summary>Figures that a job takes by the name of the size.</summary>
public sealed class SparkSizeOptions
{
    /// <summary>Cores of the driver.</summary>
    public int? DriverCores { get; set; }

    /// <summary>Memory of the driver, as Spark writes it: <c>2g</c>.</summary>
    public string? DriverMemory { get; set; }

    /// <summary>Cores of an executor.</summary>
    public int? ExecutorCores { get; set; }

    /// <summary>Memory of an executor.</summary>
    public string? ExecutorMemory { get; set; }

    /// <summary>How many executors.</summary>
    public int? ExecutorInstances { get; set; }
}
