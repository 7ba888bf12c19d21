using System.Text;
using System.Text.Json.Nodes;
using FluentValidation;

namespace Sje.Core.Jobs;

/// <summary>What the caller of <see cref="JobReader"/> may set.</summary>
public sealed record JobReadOptions
{
    /// <summary>The most bytes a job may have; 1 MiB.</summary>
    public int MaxBytes { get; init; } = 1024 * 1024;

    /// <summary>The job's name when the file gives none (the name in the address of a saved job, the name of a file).</summary>
    public string? DefaultName { get; init; }
}

/// <summary>A job, or every reason why there is none.</summary>
public sealed record JobReadResult(JobSpec? Spec, JobReadFailure Failure, IReadOnlyList<Fault> Faults);

/// <summary>
/// Reads job files: text to a tree (<see cref="DocumentReader"/>), other dialects to ours, fields to a <see cref="JobSpec"/>
/// (faults of form), then the rules (<see cref="JobSpecValidator"/>, the task types, the templates). No input makes it throw, and
/// each step goes on after faults as far as it can, so that a user sees them all at once. Thread-safe.
/// </summary>
public sealed class JobReader(TaskTypes types, IValidator<JobSpec> rules)
{
    private static readonly JobReadOptions Defaults = new();

    /// <summary>With the rules of this assembly.</summary>
    public JobReader(TaskTypes types)
        : this(types, new JobSpecValidator())
    {
    }

    /// <summary>Reads a file or a request body. Faults have their lines.</summary>
    public JobReadResult Read(ReadOnlyMemory<byte> utf8, JobFormat format = JobFormat.Auto, JobReadOptions? options = null)
    {
        options ??= Defaults;
        var document = DocumentReader.Read(utf8, format, options.MaxBytes);
        if (document.Failure is JobReadFailure.TooLarge or JobReadFailure.NotReadable)
        {
            return new JobReadResult(null, document.Failure, document.Faults);
        }

        var result = ReadTree(document.Root, document.Faults, options);
        return result with { Faults = document.WithLines(result.Faults) };
    }

    /// <summary>
    /// Reads a job that is part of a larger document: one of a batch. <paramref name="found"/> are the faults of that document below
    /// it (<see cref="Document.FaultsUnder"/>); pointers count from the job.
    /// </summary>
    public JobReadResult Read(JsonNode? tree, IReadOnlyList<Fault>? found = null, JobReadOptions? options = null)
    {
        options ??= Defaults;
        var size = SizeOf(tree);
        return size > options.MaxBytes
            ? new JobReadResult(null, JobReadFailure.TooLarge,
                [new Fault("", $"{size:N0} bytes; at most {options.MaxBytes:N0} are read.", FaultCodes.TooLarge)])
            : ReadTree(tree, found ?? [], options);
    }

    private JobReadResult ReadTree(JsonNode? tree, IReadOnlyList<Fault> found, JobReadOptions options)
    {
        var faults = new FaultList();
        faults.AddRange(found);
        if (tree is not JsonObject root)
        {
            faults.Add("", FaultCodes.WrongType, $"A job must be an object, and is {Fields.KindOf(tree)}.");
            return new JobReadResult(null, JobReadFailure.Wrong, faults.ToList());
        }

        if (Dialects.NameOfForeign(root) is { } foreign)
        {
            faults.Add(foreign.Pointer, FaultCodes.NotSupportedYet, foreign.Detail);
            return new JobReadResult(null, JobReadFailure.Wrong, faults.ToList());
        }

        var places = PointerMap.Identity;
        if (OriginalTask.Recognises(root))
        {
            (root, places) = OriginalTask.ToCanonical(root, faults);
        }

        var inOurForm = new FaultList();
        var form = new JobFormReader(types, inOurForm).Read(root, options.DefaultName);
        var spec = form.Spec;
        inOurForm.AddRange(RuleFaults.Of(rules.Validate(spec), form, root));
        TemplateChecker.Check(form, inOurForm);
        faults.AddRange(inOurForm.ToList().Select(places.Translate));

        return faults.IsEmpty
            ? new JobReadResult(spec with { Canonical = JobWriter.Write(spec) }, JobReadFailure.None, [])
            : new JobReadResult(null, JobReadFailure.Wrong, faults.ToList());
    }

    private static int SizeOf(JsonNode? tree) => Encoding.UTF8.GetByteCount(Template.PlainText(tree));
}
