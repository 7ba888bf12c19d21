using System.Collections;
using System.Reflection;

namespace Sje.Web.Hosting;

/// <summary>Which settings there are: the sections that are ours, each with the options class it is read into.</summary>
internal sealed class SettingsShape(IReadOnlyDictionary<string, Type> sections)
{
    /// <summary>The sections by name.</summary>
    public IReadOnlyDictionary<string, Type> Sections { get; } = sections;

    /// <summary>Whether a key (<c>worker:queues</c>) holds a list, which a later source replaces whole.</summary>
    public bool IsList(string key) => Find(key) is { } type && IsList(type);

    /// <summary>The type of the setting a key names, or null.</summary>
    public Type? Find(string key)
    {
        var parts = key.Split(':');
        var type = Sections
            .FirstOrDefault(section => section.Key.Equals(parts[0], StringComparison.OrdinalIgnoreCase))
            .Value;
        foreach (var part in parts.Skip(1))
        {
            type =
                type is null ? null
                : EntryType(type) is { } entry ? entry
                : Properties(type)
                    .FirstOrDefault(property => property.Name.Equals(part, StringComparison.OrdinalIgnoreCase))
                    ?.PropertyType;
        }

        return type;
    }

    /// <summary>
    /// The setting of so many bytes that a key means as a size: <c>worker:memory</c>, written <c>8GiB</c>, is <c>worker:memoryBytes</c>. Null
    /// when the key means itself.
    /// </summary>
    public string? BytesKey(string key) =>
        Find(key) is null && Find(key + "Bytes") == typeof(long) ? key + "Bytes" : null;

    /// <summary>The settings of an options class.</summary>
    public static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property =>
                property.SetMethod is { IsPublic: true }
                || IsMap(property.PropertyType)
                || (IsList(property.PropertyType) && !property.PropertyType.IsArray)
            );

    /// <summary>The type of what a map holds under names of the user's; null for a type that is no map.</summary>
    public static Type? EntryType(Type type) => IsMap(type) ? type.GetGenericArguments()[1] : null;

    /// <summary>Whether values of a type are lists.</summary>
    public static bool IsList(Type type) =>
        type != typeof(string) && typeof(IEnumerable).IsAssignableFrom(type) && !IsMap(type);

    /// <summary>Whether values of a type are named by the user.</summary>
    public static bool IsMap(Type type) =>
        type.IsGenericType
        && type.GetGenericTypeDefinition() is var open
        && (open == typeof(Dictionary<,>) || open == typeof(IDictionary<,>) || open == typeof(IReadOnlyDictionary<,>));
}
