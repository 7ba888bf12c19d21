namespace Sje.Core.Jobs;

/// <summary>The stable words of <see cref="Fault.Code"/> for job files; programs may rely on them.</summary>
public static class FaultCodes
{
    /// <summary>The text is not JSON, or not YAML.</summary>
    public const string Malformed = "malformed";

    /// <summary>The bytes are not UTF-8.</summary>
    public const string InvalidUtf8 = "invalid_utf8";

    /// <summary>A NUL character, raw or escaped.</summary>
    public const string NulCharacter = "nul_character";

    /// <summary>Half of a surrogate pair, which no text can hold.</summary>
    public const string UnpairedSurrogate = "unpaired_surrogate";

    /// <summary>A key stands twice in one object.</summary>
    public const string DuplicateKey = "duplicate_key";

    /// <summary>More levels of nesting than allowed.</summary>
    public const string TooDeep = "too_deep";

    /// <summary>More bytes than allowed.</summary>
    public const string TooLarge = "too_large";

    /// <summary>More entries than allowed.</summary>
    public const string TooMany = "too_many";

    /// <summary>A part of YAML that job files do without: anchors, aliases, tags, several documents.</summary>
    public const string NotAllowedInYaml = "not_allowed_in_yaml";

    /// <summary>Something that must be there is missing.</summary>
    public const string Required = "required";

    /// <summary>No field of this name exists here.</summary>
    public const string UnknownField = "unknown_field";

    /// <summary>A text where a list is wanted, and the like.</summary>
    public const string WrongType = "wrong_type";

    /// <summary>Right in kind, but no value that can stand here.</summary>
    public const string InvalidValue = "invalid_value";

    /// <summary>A number or length of time beyond its limits.</summary>
    public const string OutOfRange = "out_of_range";

    /// <summary>A text longer than allowed.</summary>
    public const string TooLong = "too_long";

    /// <summary>Two fields that cannot stand together.</summary>
    public const string Conflict = "conflict";

    /// <summary>Part of the job file, but this server cannot do it yet.</summary>
    public const string NotSupportedYet = "not_supported_yet";

    /// <summary>No task type of this name.</summary>
    public const string UnknownType = "unknown_type";

    /// <summary>A name that must be unique stands twice.</summary>
    public const string DuplicateName = "duplicate_name";

    /// <summary>A name of a task that the job does not have.</summary>
    public const string UnknownTask = "unknown_task";

    /// <summary>A task that depends on itself, alone or through others.</summary>
    public const string Cycle = "cycle";

    /// <summary>A <c>{{ ... }}</c> that cannot be read, or that refers to what is not there.</summary>
    public const string Template = "template";

    /// <summary>A value for a parameter that the job does not declare.</summary>
    public const string UnknownParameter = "unknown_parameter";
}
