using System.Text.Json.Nodes;

namespace Sje.Jobs.Engines.Spark.Kubernetes;

/// <summary>A driver's pod in the making: what a template holds is the base, and Spark's part is laid over it.</summary>
internal sealed class PodTemplate
{
    private const string ContainerName = "spark.kubernetes.driver.podTemplateContainerName";

    private readonly JsonObject pod;

    private PodTemplate(JsonObject pod, JsonObject container) => (this.pod, Container) = (pod, container);

    public JsonObject Spec => Object(pod, "spec");

    /// <summary>The container that is the driver.</summary>
    public JsonObject Container { get; }

    /// <summary>What is mounted in the driver's container by now.</summary>
    public IEnumerable<JsonObject> Mounts => List(Container, "volumeMounts").OfType<JsonObject>();

    /// <summary>Starts from a template, or from nothing.</summary>
    /// <exception cref="FormatException">It is no pod.</exception>
    public static PodTemplate Start(JsonObject? template, IReadOnlyDictionary<string, string> properties)
    {
        var pod = template?.DeepClone().AsObject() ?? [];
        if (pod["kind"] is { } kind && kind.ToString() != "Pod")
        {
            throw new FormatException($"The driver's template is a {kind}, and not a Pod.");
        }

        pod["apiVersion"] = "v1";
        pod["kind"] = "Pod";
        pod.Remove("status");
        var containers = List(Object(pod, "spec"), "containers");
        // The named one, else the first, as Spark chooses.
        var driver = properties.TryGetValue(ContainerName, out var name)
            ? containers.OfType<JsonObject>().FirstOrDefault(c => c["name"]?.ToString() == name)
            : null;
        driver ??= containers.OfType<JsonObject>().FirstOrDefault();
        if (driver is null)
        {
            return new PodTemplate(pod, []);
        }

        containers.Remove(driver);
        return new PodTemplate(pod, driver);
    }

    /// <summary>The object below a name; made where there is none.</summary>
    /// <exception cref="FormatException">Something else is there.</exception>
    public static JsonObject Object(JsonObject parent, string name)
    {
        switch (parent[name])
        {
            case JsonObject there:
                return there;
            case null:
                var made = new JsonObject();
                parent[name] = made;
                return made;
            default:
                throw new FormatException($"The pod template's {name} is not an object.");
        }
    }

    /// <summary>The list below a name; made where there is none.</summary>
    /// <exception cref="FormatException">Something else is there.</exception>
    public static JsonArray List(JsonObject parent, string name)
    {
        switch (parent[name])
        {
            case JsonArray there:
                return there;
            case null:
                var made = new JsonArray();
                parent[name] = made;
                return made;
            default:
                throw new FormatException($"The pod template's {name} is not a list.");
        }
    }

    public void Name(string name, string space)
    {
        var metadata = Object(pod, "metadata");
        metadata.Remove("generateName");
        metadata["name"] = name;
        metadata["namespace"] = space;
    }

    public void Label(IEnumerable<KeyValuePair<string, string>> labels) => Put("labels", labels);

    public void Annotate(IEnumerable<KeyValuePair<string, string>> annotations) => Put("annotations", annotations);

    /// <summary>Sets a variable of the driver's environment; an earlier one of that name goes.</summary>
    public void Variable(string name, string value) => Put(new JsonObject { ["name"] = name, ["value"] = value });

    /// <summary>Sets a variable whose value comes from elsewhere.</summary>
    public void Variable(string name, JsonObject source) =>
        Put(new JsonObject { ["name"] = name, ["valueFrom"] = source });

    /// <summary>Adds a volume and mounts it in the driver.</summary>
    public void Volume(JsonObject volume, string path, JsonObject? mount = null)
    {
        List(Spec, "volumes").Add(volume);
        mount ??= [];
        mount["name"] = volume["name"]!.ToString();
        mount["mountPath"] = path;
        List(Container, "volumeMounts").Add(mount);
    }

    /// <summary>The pod with its container; nothing may be added afterwards.</summary>
    public JsonObject Finish()
    {
        List(Spec, "containers").Add(Container);
        return pod;
    }

    private void Put(string place, IEnumerable<KeyValuePair<string, string>> pairs)
    {
        var target = Object(Object(pod, "metadata"), place);
        foreach (var (name, value) in pairs)
        {
            target[name] = value;
        }
    }

    private void Put(JsonObject variable)
    {
        var environment = List(Container, "env");
        var name = variable["name"]!.ToString();
        foreach (var earlier in environment.OfType<JsonObject>().Where(v => v["name"]?.ToString() == name).ToList())
        {
            environment.Remove(earlier);
        }

        environment.Add(variable);
    }
}
