using System.Text.Json.Nodes;

namespace Sje.Core.Jobs;

/// <summary>
/// A way of writing jobs besides our own. It puts a file into the canonical form; what it cannot carry over it refuses, at the field
/// and in the words of the file.
/// </summary>
public abstract class JobDialect
{
    /// <summary>What it is called in messages and answers.</summary>
    public abstract string Name { get; }

    /// <summary>Whether a file is written in it; told by its keys alone.</summary>
    public abstract bool Recognises(JsonObject root);

    /// <summary>
    /// The same job in our form, as far as it could be made, and where its parts stood. Faults found here point into the file.
    /// <paramref name="root"/> stays as it is.
    /// </summary>
    internal abstract TranslatedJob Translate(JsonObject root, FaultList faults);
}

/// <summary>A job put into the canonical form, and where its parts stood before.</summary>
internal sealed record TranslatedJob(JsonObject Job, PointerMap Places);
