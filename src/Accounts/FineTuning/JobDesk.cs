using System.Globalization;
using Tollgate.Accounts.Fleet;
using Tollgate.Accounts.Learning;
using Tollgate.Contracts.Learning;

namespace Tollgate.Accounts.FineTuning;

/// <summary>Reads and orders fine-tuning for the member's project.</summary>
internal sealed class JobDesk(LearningClient learning, GatewayClient gateway)
{
    private const string Jobs = "/v1/fine_tuning/jobs";
    private const string Deployments = "/v1/fine_tuning/deployments";
    private const string Models = "/v1/fine_tuning/models";
    private const int PageSize = 50;
    private const int EventPage = 100;
    private const int LongestName = 63;

    private static readonly LearningRefusal NoJob = new(StatusCodes.Status404NotFound, null, null, "There is no such job.");
    private static readonly LearningRefusal NoName = new(StatusCodes.Status404NotFound, null, null, "There is no such deployment.");

    /// <param name="after">The last job of the previous page; null for the first page.</param>
    public Task<LearningAnswer<JobPageEntry>> ListAsync(string? after, CancellationToken cancellationToken) => learning.GetAsync(
        string.Create(CultureInfo.InvariantCulture, $"{Jobs}?limit={PageSize}{(LearningIds.IsJob(after) ? $"&after={after}" : "")}"),
        JobWire.Default.JobPageEntry, cancellationToken);

    public async Task<LearningAnswer<JobEntry>> FindAsync(string? id, CancellationToken cancellationToken) => LearningIds.IsJob(id)
        ? await learning.GetAsync($"{Jobs}/{id}", JobWire.Default.JobEntry, cancellationToken)
        : new LearningAnswer<JobEntry>(null, NoJob);

    /// <summary>Reads the newest events, at most <see cref="JobCurves.MostEvents"/>; fewer where Learning goes away in between.</summary>
    public async Task<IReadOnlyList<JobEventEntry>> ListEventsAsync(string job, CancellationToken cancellationToken)
    {
        List<JobEventEntry> events = [];
        string? after = null;
        while (events.Count < JobCurves.MostEvents)
        {
            var page = after is null ? "" : $"&after={after}";
            var answer = await learning.GetAsync(
                string.Create(CultureInfo.InvariantCulture, $"{Jobs}/{job}/events?limit={EventPage}{page}"),
                JobWire.Default.JobEventPageEntry, cancellationToken);
            events.AddRange(answer.Value?.Data ?? []);
            if (answer.Value is not { HasMore: true, Data: [.., { Id: { } last }] } || last == after)
            {
                break;
            }

            after = Uri.EscapeDataString(last);
        }

        return events;
    }

    public async Task<LearningAnswer<EvaluationEntry>> FindEvaluationAsync(string? job, CancellationToken cancellationToken) =>
        LearningIds.IsJob(job)
            ? await learning.GetAsync($"{Jobs}/{job}/evaluation", JobWire.Default.EvaluationEntry, cancellationToken)
            : new LearningAnswer<EvaluationEntry>(null, NoJob);

    /// <summary>Makes a job that runs on behalf of a key.</summary>
    public async Task<LearningAnswer<JobEntry>> CreateAsync(NewJob job, RunKey key, CancellationToken cancellationToken)
    {
        using var content = JsonContent.Create(job, JobWire.Default.NewJob);
        return await learning.SendAsync(HttpMethod.Post, Jobs, content, key, JobWire.Default.JobEntry, cancellationToken);
    }

    /// <param name="verb"><c>cancel</c>, <c>pause</c> or <c>resume</c>.</param>
    public Task<LearningAnswer<JobEntry>> OrderAsync(string job, string verb, CancellationToken cancellationToken) =>
        learning.SendAsync(HttpMethod.Post, $"{Jobs}/{job}/{verb}", null, null, JobWire.Default.JobEntry, cancellationToken);

    public Task<LearningAnswer<DeploymentPageEntry>> ListDeploymentsAsync(CancellationToken cancellationToken) =>
        learning.GetAsync(Deployments, JobWire.Default.DeploymentPageEntry, cancellationToken);

    public async Task<LearningAnswer<DeploymentEntry>> FindDeploymentAsync(string? name, CancellationToken cancellationToken) =>
        IsName(name)
            ? await learning.GetAsync($"{Deployments}/{name}", JobWire.Default.DeploymentEntry, cancellationToken)
            : new LearningAnswer<DeploymentEntry>(null, NoName);

    public async Task<LearningAnswer<DeploymentEntry>> DeployAsync(NewDeployment deployment, CancellationToken cancellationToken)
    {
        using var content = JsonContent.Create(deployment, JobWire.Default.NewDeployment);
        return await learning.SendAsync(HttpMethod.Post, Deployments, content, null, JobWire.Default.DeploymentEntry, cancellationToken);
    }

    /// <summary>Leads a name back to its previous model.</summary>
    public Task<LearningAnswer<DeploymentEntry>> RollBackAsync(string name, CancellationToken cancellationToken) =>
        learning.SendAsync(
            HttpMethod.Post, $"{Deployments}/{name}/rollback", null, null, JobWire.Default.DeploymentEntry, cancellationToken);

    public Task<LearningAnswer<DeletedEntry>> DeleteDeploymentAsync(string name, CancellationToken cancellationToken) =>
        learning.SendAsync(HttpMethod.Delete, $"{Deployments}/{name}", null, null, FileWire.Default.DeletedEntry, cancellationToken);

    /// <summary>Deletes a trained model, which no name may lead to.</summary>
    public async Task<LearningAnswer<DeletedEntry>> DeleteModelAsync(string model, CancellationToken cancellationToken) => IsName(model)
        ? await learning.SendAsync(HttpMethod.Delete, $"{Models}/{model}", null, null, FileWire.Default.DeletedEntry, cancellationToken)
        : new LearningAnswer<DeletedEntry>(null, NoName);

    /// <summary>Lists the base models that trainers offer now, and the one that is trained from nothing.</summary>
    public async Task<IReadOnlyList<string>> ListBasesAsync(CancellationToken cancellationToken)
    {
        var fleet = await gateway.GetFleetAsync(cancellationToken);
        return [.. (fleet.Value?.Workers ?? []).SelectMany(worker => worker.Status?.Models ?? [])
            .Select(model => TrainedModels.BaseOf(model.Card.Name)).OfType<string>().Append(TrainedModels.FromNothing)
            .Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>Whether a text can be the name of a deployment: lower-case letters, digits, dots, hyphens and underscores.</summary>
    private static bool IsName(string? text) => text is [not ('.' or '_' or '-'), ..] && text.Length <= LongestName
        && text.All(sign => char.IsAsciiLetterLower(sign) || char.IsAsciiDigit(sign) || sign is '.' or '_' or '-');
}
