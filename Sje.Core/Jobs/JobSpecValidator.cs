using System.Text.RegularExpressions;
using FluentValidation;
using FluentValidation.Results;
using Sje.Core.Reliability;

namespace Sje.Core.Jobs;

/// <summary>The rules of a job: what well-formed values may be, and how its tasks may depend on each other.</summary>
public sealed class JobSpecValidator : AbstractValidator<JobSpec>
{
    private const int LongestDescription = 10_000;
    private const int LongestLabel = 200;
    private const int LongestTag = 100;
    private const int MostTags = 50;
    private const int MostParameters = 500;

    /// <summary>Sets up the rules.</summary>
    public JobSpecValidator()
    {
        RuleFor(job => job.Name).MustBeName();
        RuleFor(job => job.Description)
            .Refuse(
                text => text?.Length > LongestDescription,
                FaultCodes.TooLong,
                text => $"{text!.Length:N0} characters; at most {LongestDescription:N0}."
            );
        RuleFor(job => job.Label)
            .Refuse(
                text => text?.Length > LongestLabel,
                FaultCodes.TooLong,
                text => $"{text!.Length:N0} characters; at most {LongestLabel}."
            );
        RuleFor(job => job.Label)
            .Refuse(
                text => text is not null && (text.Length == 0 || text.Any(char.IsControl)),
                FaultCodes.InvalidValue,
                _ => "A label is 1 to 200 characters, none of them a control character."
            );
        RuleFor(job => job.Queue).MustBeQueue();
        RuleFor(job => job.Priority)
            .Refuse(
                priority => priority is < Priorities.Lowest or > Priorities.Highest,
                FaultCodes.OutOfRange,
                priority => $"{priority} is beyond {Priorities.Lowest}..{Priorities.Highest}."
            );
        RuleFor(job => job.TotalTimeout).MustBePositive();
        RuleFor(job => job.Tags)
            .Refuse(
                tags => tags.Count > MostTags,
                FaultCodes.TooMany,
                tags => $"{tags.Count:N0} tags; at most {MostTags}."
            );
        RuleForEach(job => job.Tags)
            .Refuse(
                tag => tag.Length is 0 or > LongestTag || tag.Any(char.IsControl),
                FaultCodes.InvalidValue,
                tag =>
                    $"{Excerpt.Quote(tag)} is no tag: 1 to {LongestTag} characters, none of them a control character."
            );
        RuleFor(job => job.Parameters)
            .Refuse(
                parameters => parameters.Count > MostParameters,
                FaultCodes.TooMany,
                parameters => $"{parameters.Count:N0} parameters; at most {MostParameters}."
            );
        RuleForEach(job => job.Parameters).SetValidator(new JobParameterValidator());
        RuleFor(job => job.Parameters).Custom(CheckValuesOfSchedule);
        RuleForEach(job => job.Tasks).SetValidator(new TaskSpecValidator());
        RuleFor(job => job.Tasks).Custom(CheckGraph);
    }

    private static void CheckValuesOfSchedule(
        IReadOnlyList<JobParameter> parameters,
        ValidationContext<JobSpec> context
    )
    {
        if (context.InstanceToValidate.Schedule is null)
        {
            return;
        }

        foreach (var (index, parameter) in parameters.Index().Where(p => p.Item is { Required: true, Default: null }))
        {
            context.AddFailure(
                new ValidationFailure(
                    $"{nameof(JobSpec.Parameters)}[{index}].{nameof(JobParameter.Default)}",
                    $"The job's schedule gives no values: parameter {Excerpt.Quote(parameter.Name)} needs a default, or the schedule must be one of its own."
                )
                {
                    ErrorCode = FaultCodes.Conflict,
                }
            );
        }
    }

    private static void CheckGraph(IReadOnlyList<TaskSpec> tasks, ValidationContext<JobSpec> context)
    {
        foreach (var problem in new TaskGraph(tasks).Problems())
        {
            var path = problem.Dependency is { } dependency
                ? $"{nameof(JobSpec.Tasks)}[{problem.Task}].{nameof(TaskSpec.DependsOn)}[{dependency}]"
                : $"{nameof(JobSpec.Tasks)}[{problem.Task}].{nameof(TaskSpec.Name)}";
            context.AddFailure(new ValidationFailure(path, problem.Detail) { ErrorCode = problem.Code });
        }
    }
}

/// <summary>The rules of a declared parameter.</summary>
public sealed partial class JobParameterValidator : AbstractValidator<JobParameter>
{
    /// <summary>Sets up the rules.</summary>
    public JobParameterValidator() =>
        RuleFor(parameter => parameter.Name)
            .Refuse(
                name => !ParameterName().IsMatch(name),
                FaultCodes.InvalidValue,
                name =>
                    $"{Excerpt.Quote(name)} is no name of a parameter: a letter or underscore, then letters, digits, underscores (at most 100)."
            );

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]{0,99}\z", RegexOptions.CultureInvariant)]
    private static partial Regex ParameterName();
}

/// <summary>The rules of one task by itself.</summary>
public sealed class TaskSpecValidator : AbstractValidator<TaskSpec>
{
    /// <summary>Sets up the rules.</summary>
    public TaskSpecValidator()
    {
        RuleFor(task => task.Name).MustBeName();
        RuleFor(task => task.Queue).MustBeQueue();
        RuleFor(task => task.QueuedTimeout).MustBePositive();
        RuleFor(task => task.RunTimeout).MustBePositive();
        RuleFor(task => task.Retry).SetValidator(new RetrySpecValidator());
        RuleFor(task => task.Resources).SetValidator(new ResourceSpecValidator());
    }
}

/// <summary>The rules of retrying.</summary>
public sealed class RetrySpecValidator : AbstractValidator<RetrySpec>
{
    /// <summary>Sets up the rules.</summary>
    public RetrySpecValidator()
    {
        RuleFor(retry => retry.MaxAttempts)
            .Refuse(
                attempts => attempts is < 1 or > RetryPolicy.MostAttempts,
                FaultCodes.OutOfRange,
                attempts => $"{attempts} is beyond 1..{RetryPolicy.MostAttempts}; 1 means no retry."
            );
        RuleFor(retry => retry.InitialDelay)
            .Refuse(
                (retry, delay) => delay > retry.MaxDelay,
                FaultCodes.Conflict,
                (retry, delay) =>
                    $"{DurationText.Format(delay!.Value)} is longer than maxDelay, {DurationText.Format(retry.MaxDelay!.Value)}."
            );
        RuleFor(retry => retry.Factor)
            .Refuse(
                factor => factor is not null and not (>= 1 and <= RetryPolicy.LargestFactor),
                FaultCodes.OutOfRange,
                factor => $"{factor} is beyond 1..{RetryPolicy.LargestFactor}."
            );
        RuleFor(retry => retry.MaxElapsed).MustBePositive();
    }
}

/// <summary>The rules of resources.</summary>
public sealed partial class ResourceSpecValidator : AbstractValidator<ResourceSpec>
{
    private const int MostCpus = 4096;
    private const int MostLabels = 50;

    /// <summary>Sets up the rules.</summary>
    public ResourceSpecValidator()
    {
        RuleFor(resources => resources.Cpus)
            .Refuse(
                cpus => cpus is < 0 or > MostCpus,
                FaultCodes.OutOfRange,
                cpus => $"{cpus} is beyond 0..{MostCpus}."
            );
        RuleFor(resources => resources.Labels)
            .Refuse(
                labels => labels.Count > MostLabels,
                FaultCodes.TooMany,
                labels => $"{labels.Count:N0} labels; at most {MostLabels}."
            );
        RuleForEach(resources => resources.Labels)
            .Refuse(
                label => !WorkerLabel().IsMatch(label),
                FaultCodes.InvalidValue,
                label =>
                    $"{Excerpt.Quote(label)} is no label: 1 to 100 letters, digits and '-_.:/=', with a letter or digit first."
            );
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9\-_.:/=]{0,99}\z", RegexOptions.CultureInvariant)]
    private static partial Regex WorkerLabel();
}
