using System.Text.Json.Nodes;

namespace Sje.Jobs.Engines.Spark.Kubernetes;

/// <summary>The driver's volumes and secrets by Spark's properties.</summary>
internal static class DriverVolumes
{
    private const string Prefix = "spark.kubernetes.driver.volumes.";
    private const string OnDemand = "OnDemand";

    /// <summary>Adds them to the pod; returns the claims that have to be created for it.</summary>
    /// <exception cref="FormatException">A property is missing or unknown.</exception>
    public static IReadOnlyList<JsonObject> Add(
        PodTemplate pod,
        IReadOnlyDictionary<string, string> properties,
        DriverNames names
    )
    {
        foreach (var (secret, path) in DriverProperties.Below(properties, "spark.kubernetes.driver.secrets."))
        {
            pod.Volume(
                new JsonObject
                {
                    ["name"] = $"{secret}-volume",
                    ["secret"] = new JsonObject { ["secretName"] = secret },
                },
                path
            );
        }

        if (properties.TryGetValue("spark.kubernetes.hadoop.configMapName", out var hadoop))
        {
            const string folder = "/opt/hadoop/conf";
            pod.Volume(
                new JsonObject
                {
                    ["name"] = "hadoop-properties",
                    ["configMap"] = new JsonObject { ["name"] = hadoop },
                },
                folder
            );
            pod.Variable("HADOOP_CONF_DIR", folder);
        }

        var claims = new List<JsonObject>();
        var volumes = DriverProperties
            .Below(properties, Prefix)
            .Select(p => p.Key.Split('.', 3))
            .Where(parts => parts.Length == 3)
            .Select(parts => (Type: parts[0], Name: parts[1]))
            .Distinct();
        var index = 0;
        foreach (var (type, name) in volumes)
        {
            var options = DriverProperties
                .Below(properties, $"{Prefix}{type}.{name}.")
                .ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);
            var place = $"{Prefix}{type}.{name}.";
            var volume = VolumeOf(type, place, options, names, properties, index, claims);
            volume["name"] = name;
            pod.Volume(volume, Needed(options, place, "mount.path"), MountOf(options));
            index++;
        }

        return claims;
    }

    private static JsonObject MountOf(Dictionary<string, string> options)
    {
        var mount = new JsonObject();
        if (options.GetValueOrDefault("mount.readOnly") == "true")
        {
            mount["readOnly"] = true;
        }

        foreach (var name in new[] { "subPath", "subPathExpr" })
        {
            if (options.TryGetValue("mount." + name, out var path))
            {
                mount[name] = path;
            }
        }

        return mount;
    }

    private static JsonObject VolumeOf(
        string type,
        string place,
        Dictionary<string, string> options,
        DriverNames names,
        IReadOnlyDictionary<string, string> properties,
        int index,
        List<JsonObject> claims
    )
    {
        switch (type)
        {
            case "hostPath":
                return new JsonObject
                {
                    ["hostPath"] = new JsonObject
                    {
                        ["path"] = Needed(options, place, "options.path"),
                        ["type"] = options.GetValueOrDefault("options.type") ?? "",
                    },
                };
            case "emptyDir":
                var empty = new JsonObject();
                if (options.TryGetValue("options.medium", out var medium))
                {
                    empty["medium"] = medium;
                }

                if (options.TryGetValue("options.sizeLimit", out var limit))
                {
                    empty["sizeLimit"] = limit;
                }

                return new JsonObject { ["emptyDir"] = empty };
            case "nfs":
                return new JsonObject
                {
                    ["nfs"] = new JsonObject
                    {
                        ["path"] = Needed(options, place, "options.path"),
                        ["server"] = Needed(options, place, "options.server"),
                    },
                };
            case "persistentVolumeClaim":
                var claim = Needed(options, place, "options.claimName")
                    .Replace(
                        OnDemand,
                        FormattableString.Invariant($"{names.Prefix}-driver-pvc-{index}"),
                        StringComparison.Ordinal
                    );
                if (
                    options.TryGetValue("options.storageClass", out var storage)
                    && options.TryGetValue("options.sizeLimit", out var size)
                )
                {
                    claims.Add(ClaimOf(claim, storage, size, options, names, properties));
                }

                var source = new JsonObject { ["claimName"] = claim };
                if (options.GetValueOrDefault("mount.readOnly") == "true")
                {
                    source["readOnly"] = true;
                }

                return new JsonObject { ["persistentVolumeClaim"] = source };
            default:
                throw new FormatException(
                    $"{place}...: '{type}' is no kind of volume that Spark has: hostPath, emptyDir, nfs, persistentVolumeClaim."
                );
        }
    }

    private static JsonObject ClaimOf(
        string name,
        string storage,
        string size,
        Dictionary<string, string> options,
        DriverNames names,
        IReadOnlyDictionary<string, string> properties
    )
    {
        var metadata = new JsonObject
        {
            ["name"] = name,
            ["namespace"] = names.Namespace,
            ["labels"] = new JsonObject(),
        };
        foreach (var (key, value) in DriverProperties.Below(options, "label."))
        {
            metadata["labels"]![key] = value;
        }

        metadata["labels"]![DriverObjects.ApplicationLabel] = properties["spark.app.id"];
        foreach (var (key, value) in DriverProperties.Below(options, "annotation."))
        {
            PodTemplate.Object(metadata, "annotations")[key] = value;
        }

        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "PersistentVolumeClaim",
            ["metadata"] = metadata,
            ["spec"] = new JsonObject
            {
                ["storageClassName"] = storage,
                ["accessModes"] = new JsonArray(
                    properties.GetValueOrDefault("spark.kubernetes.legacy.useReadWriteOnceAccessMode") == "true"
                        ? "ReadWriteOnce"
                        : "ReadWriteOncePod"
                ),
                ["resources"] = new JsonObject { ["requests"] = new JsonObject { ["storage"] = size } },
            },
        };
    }

    private static string Needed(Dictionary<string, string> options, string place, string name) =>
        options.GetValueOrDefault(name) ?? throw new FormatException($"{place}{name} is missing.");
}
