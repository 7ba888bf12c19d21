using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Npgsql;
using Sje.Core.Jobs;

namespace Sje.Web.Hosting;

/// <summary>
/// Finds what is wrong with the settings before anything starts: names nobody reads, values that are not of their type, values that
/// the options class refuses. Each fault names the key, the value, where it stands, and what would be right.
/// </summary>
internal sealed class SettingsCheck(SettingsShape shape, SjeConfiguration configuration)
{
    private readonly IConfigurationRoot root = new ConfigurationBuilder()
        .AddInMemoryCollection(configuration.Values)
        .Build();

    /// <summary>All faults, in the order of the sections.</summary>
    public IEnumerable<string> Faults()
    {
        foreach (var fault in ConnectionStringFaults())
        {
            yield return fault;
        }

        foreach (var (name, type) in shape.Sections)
        {
            var section = root.GetSection(name);
            // A whole section may hold entries under names of the user's.
            var faults = SettingsShape.EntryType(type) is { } entry
                ? section.GetChildren().SelectMany(child => Section(child, $"{name}:{child.Key}", entry))
                : Section(section, name, type);
            foreach (var fault in faults)
            {
                yield return fault;
            }
        }
    }

    private IEnumerable<string> Section(IConfigurationSection section, string path, Type type)
    {
        if (type == typeof(string) || type.IsValueType)
        {
            return Value(section, path, type);
        }

        if (section.Value is { Length: > 0 } && path.Contains(':', StringComparison.Ordinal))
        {
            // Not repeated: it may be a connection string.
            return [$"{path} ({configuration.SourceOf(path)}) is a group of settings, not one value"];
        }

        // SJE_SERVER, the address for the command line, is no value of the section "server".
        var faults = Keys(section, path, type).ToList();
        return faults.Count == 0 ? Rules(section, path, type) : faults;
    }

    private IEnumerable<string> ConnectionStringFaults()
    {
        if (configuration.ConnectionString is not { } given)
        {
            yield break;
        }

        string? why = null;
        try
        {
            var parsed = new NpgsqlConnectionStringBuilder(given);
            if (string.IsNullOrEmpty(parsed.Host))
            {
                why = "it names no Host";
            }
        }
        catch (Exception wrong) when (wrong is ArgumentException or FormatException or InvalidOperationException)
        {
            why = wrong.Message;
        }

        if (why is not null)
        {
            // The string holds a password, so it is not repeated.
            yield return $"ConnectionStrings:Sje ({configuration.SourceOf("ConnectionStrings:Sje")}) is no connection string: {why}; "
                + "it looks like Host=db.example;Database=sje;Username=sje;Password=...";
        }
    }

    private IEnumerable<string> Keys(IConfigurationSection section, string path, Type type)
    {
        var properties = SettingsShape
            .Properties(type)
            .ToDictionary(property => property.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var child in section.GetChildren())
        {
            var key = $"{path}:{child.Key}";
            if (!properties.TryGetValue(child.Key, out var property))
            {
                var names = properties.Keys.Select(Camel).ToList();
                var hint = NearName.Hint(child.Key, names);
                yield return $"{key} ({SourceBelow(child, key)}) is no setting."
                    + (hint.Length > 0 ? hint : $" Those of {path} are {string.Join(", ", names)}.");
                continue;
            }

            foreach (var fault in Value(child, key, property.PropertyType))
            {
                yield return fault;
            }
        }
    }

    private IEnumerable<string> Value(IConfigurationSection section, string key, Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (SettingsShape.IsList(type))
        {
            var item = type.IsArray
                ? type.GetElementType()!
                : type.GetGenericArguments().FirstOrDefault() ?? typeof(string); // an array has one
            return section.GetChildren().SelectMany(child => Value(child, $"{key}:{child.Key}", item));
        }

        if (SettingsShape.EntryType(type) is { } entry)
        {
            return section.GetChildren().SelectMany(child => Value(child, $"{key}:{child.Key}", entry));
        }

        if (type != typeof(string) && !type.IsValueType)
        {
            return Keys(section, key, type);
        }

        var text = section.Value;
        if (text is null)
        {
            return section.GetChildren().Any()
                ? [$"{key} ({SourceBelow(section, key)}) is one value, not a group of them"]
                : [];
        }

        return Converts(type, text) ? [] : [$"{key} is '{text}' ({configuration.SourceOf(key)}): {Wanted(type)}"];
    }

    /// <summary>The rules an options class states on its properties and in its own Validate.</summary>
    private IEnumerable<string> Rules(IConfigurationSection section, string path, Type type)
    {
        var options = Activator.CreateInstance(type)!; // options classes have a parameterless constructor, or binding could not make them
        section.Bind(options);
        var results = new List<ValidationResult>();
        foreach (var property in SettingsShape.Properties(type))
        {
            var context = new ValidationContext(options)
            {
                MemberName = property.Name,
                DisplayName = $"{path}:{Camel(property.Name)}",
            };
            results.AddRange(
                property
                    .GetCustomAttributes<ValidationAttribute>()
                    .Select(rule =>
                        rule is RangeAttribute range && !range.IsValid(property.GetValue(options))
                            ? new ValidationResult(
                                $"it must be from {range.Minimum} to {range.Maximum}",
                                [property.Name]
                            )
                            : rule.GetValidationResult(property.GetValue(options), context)
                    )
                    .OfType<ValidationResult>()
            );
        }

        if (options is IValidatableObject whole)
        {
            results.AddRange(whole.Validate(new ValidationContext(options) { DisplayName = section.Key }));
        }

        foreach (var result in results)
        {
            var member = result.MemberNames.FirstOrDefault();
            var key = member is null ? path : $"{path}:{Camel(member)}";
            var value = member is null ? null : type.GetProperty(member)?.GetValue(options);
            yield return value is null
                ? $"{key}: {result.ErrorMessage}"
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"{key} is '{Shown(value)}' ({configuration.SourceOf(key)}): {result.ErrorMessage}"
                );
        }
    }

    private static string Shown(object value) =>
        value is System.Collections.IEnumerable list and not string
            ? string.Join(",", list.Cast<object>())
            : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    private static bool Converts(Type type, string text)
    {
        try
        {
            return type == typeof(string)
                || TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text) is { } value
                    && (!type.IsEnum || Enum.IsDefined(type, value));
        }
        catch (Exception wrong)
            when (wrong is ArgumentException or FormatException or NotSupportedException or OverflowException)
        {
            return false;
        }
    }

    private static string Wanted(Type type) =>
        Type.GetTypeCode(type) switch
        {
            _ when type.IsEnum => "it must be " + string.Join(" or ", Enum.GetNames(type).Select(Camel)),
            TypeCode.Int32 or TypeCode.Int64 => "a whole number is needed, like 8",
            TypeCode.Double or TypeCode.Decimal or TypeCode.Single => "a number is needed, like 1.5",
            TypeCode.Boolean => "it must be true or false",
            _ when type == typeof(TimeSpan) => "a length of time is needed, like 00:01:30",
            _ => $"it does not read as {type.Name}",
        };

    private string SourceBelow(IConfigurationSection section, string key) =>
        section.Value is not null
            ? configuration.SourceOf(key)
            : section.GetChildren().Select(child => SourceBelow(child, $"{key}:{child.Key}")).FirstOrDefault()
                ?? "default";

    private static string Camel(string name) => char.ToLowerInvariant(name[0]) + name[1..];
}
