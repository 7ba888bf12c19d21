using System.Text;
using System.Text.Json.Nodes;
using FluentValidation;
using Sje.Core.Reliability;

namespace Sje.Core.Jobs;

/// <summary>What the caller of <see cref="JobReader"/> may set.</summary>
public sealed record JobReadOptions
{
    /// <summary>
    /// For jobs that this reader accepted before: a database that writes a space after every comma makes them longer, and some
    /// settings of the job are written out for each task.
    /// </summary>
    public static readonly JobReadOptions Stored = new() { MaxBytes = 16 * 1024 * 1024 };

    /// <summary>The most bytes a job may have; 1 MiB.</summary>
    public int MaxBytes { get; init; } = 1024 * 1024;

    /// <summary>The job's name when the file gives none (the name in the address of a saved job, the name of a file).</summary>
    public string? DefaultName { get; init; }
}

/// <summary>A job, or every reason why there is none.</summary>
public sealed record JobReadResult(JobSpec? Spec, JobReadFailure Failure, IReadOnlyList<Fault> Faults)
{
    /// <summary>The dialect that the file was written in; null for our own form.</summary>
    public string? Dialect { get; init; }

    internal PointerMap Places { get; init; } = PointerMap.Identity;

    /// <summary>A fault of the job that was found after reading, where it stands in the file.</summary>
    public Fault InFile(Fault fault) => Places.Translate(fault);
}

/// <summary>
/// Reads job files: text to a tree (<see cref="DocumentReader"/>), other dialects to ours, fields to a <see cref="JobSpec"/>
/// (faults of form), then the rules (<see cref="JobSpecValidator"/>, the task types, the templates). No input makes it throw, and
/// each step goes on after faults as far as it can, so that a user sees them all at once. Thread-safe.
/// </summary>
/// <param name="types">What a task can be.</param>
/// <param name="policies">The retry policies that it can name.</param>
/// <param name="rules">What a job must keep.</param>
/// <param name="dialects">The other ways of writing jobs that are read.</param>
public sealed class JobReader(
    TaskTypes types,
    RetryPolicies policies,
    IValidator<JobSpec> rules,
    IEnumerable<JobDialect> dialects
)
{
    private static readonly JobReadOptions Defaults = new();

    private readonly IReadOnlyList<JobDialect> dialects = [.. dialects];

    /// <summary>With the rules of this assembly, and these dialects; none where only our own form is read.</summary>
    public JobReader(TaskTypes types, RetryPolicies policies, params IEnumerable<JobDialect> dialects)
        : this(types, policies, new JobSpecValidator(), dialects) { }

    /// <summary>With the rules of this assembly, the built-in retry policies, and these dialects.</summary>
    public JobReader(TaskTypes types, params IEnumerable<JobDialect> dialects)
        : this(types, RetryPolicies.BuiltIn, dialects) { }

    /// <summary>Reads a file or a request body. Faults have their lines.</summary>
    public JobReadResult Read(
        ReadOnlyMemory<byte> utf8,
        JobFormat format = JobFormat.Auto,
        JobReadOptions? options = null
    )
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
    /// it (<see cref="Document.FaultsUnder"/>); pointers count from the job. The tree must be one of <see cref="DocumentReader"/>: other
    /// parsers let duplicate keys and broken texts through, which throw when they are touched.
    /// </summary>
    public JobReadResult Read(JsonNode? tree, IReadOnlyList<Fault>? found = null, JobReadOptions? options = null)
    {
        options ??= Defaults;
        var size = SizeOf(tree);
        return size > options.MaxBytes
            ? new JobReadResult(
                null,
                JobReadFailure.TooLarge,
                [new Fault("", $"{size:N0} bytes; at most {options.MaxBytes:N0} are read.", FaultCodes.TooLarge)]
            )
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

        var dialect = dialects.FirstOrDefault(known => known.Recognises(root));
        var places = PointerMap.Identity;
        if (dialect is not null)
        {
            (root, places) = dialect.Translate(root, faults);
        }

        var inOurForm = new FaultList();
        var form = new JobFormReader(types, policies, inOurForm).Read(root, options.DefaultName);
        var spec = form.Spec;
        inOurForm.AddRange(RuleFaults.Of(rules.Validate(spec), form, root));
        TemplateChecker.Check(form, inOurForm);
        faults.AddRange(places.Translate(inOurForm.ToList()));

        if (!faults.IsEmpty)
        {
            return Result(null);
        }

        var canonical = JobWriter.Write(spec);
        CheckReadableAgain(canonical, faults);
        return Result(
            faults.IsEmpty ? spec with { Canonical = canonical, Tasks = [.. spec.Tasks.Select(WithTarget)] } : null
        );

        JobReadResult Result(JobSpec? job) =>
            new(job, job is null ? JobReadFailure.Wrong : JobReadFailure.None, faults.ToList())
            {
                Dialect = dialect?.Name,
                Places = places,
            };
    }

    private TaskSpec WithTarget(TaskSpec task) =>
        types.TryFind(task.Type, out var type) && type.TargetOf(task.Settings) is { } target
            ? task with
            {
                Target = target,
            }
            : task;

    /// <summary>
    /// The canonical form can be longer than the file (settings of the job, in tasks that differ in part) and one level deeper (the
    /// value of a parameter). It is what is stored and read again, so it must keep the limits itself.
    /// </summary>
    private static void CheckReadableAgain(JsonObject canonical, FaultList faults)
    {
        if (DepthOf(canonical) > DocumentReader.MaxDepth)
        {
            faults.Add(
                "",
                FaultCodes.TooDeep,
                $"Written in full, the job has more than {DocumentReader.MaxDepth} levels of nesting."
            );
            return;
        }

        // Half of what is read again, since spaces after commas and colons can double it.
        if (SizeOf(canonical) is var size && size > JobReadOptions.Stored.MaxBytes / 2)
        {
            faults.Add(
                "",
                FaultCodes.TooLarge,
                $"Written in full, with every task's settings, the job has {size:N0} bytes; at most {JobReadOptions.Stored.MaxBytes / 2:N0}."
            );
        }
    }

    private static int DepthOf(JsonNode? node) =>
        node switch
        {
            JsonObject map => 1 + map.Select(field => DepthOf(field.Value)).DefaultIfEmpty().Max(),
            JsonArray list => 1 + list.Select(DepthOf).DefaultIfEmpty().Max(),
            _ => 0,
        };

    private static int SizeOf(JsonNode? tree) => Encoding.UTF8.GetByteCount(Template.PlainText(tree));
}
