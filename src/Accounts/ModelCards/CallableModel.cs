using System.Globalization;
using Tollgate.Accounts.Portal;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.ModelCards;

/// <summary>A model that a project can call, as its workers serve it now.</summary>
/// <param name="Served">One for each worker, those that are ready first.</param>
internal sealed record CallableModel(IReadOnlyList<ServedModel> Served)
{
    /// <summary>Of the worker that serves best.</summary>
    public ModelCard Card => Served[0].Card;

    /// <summary>Whether a worker has it in memory.</summary>
    public bool Ready => Served[0].Ready;

    /// <summary>Where it stands, in a word or two.</summary>
    public string State => Served[0] switch
    {
        { Ready: true } => "ready",
        { State: ModelState.Idle } => "loads when called",
        { State: ModelState.Unloaded } => "unloaded",
        { State: ModelState.Broken } => "not served",
        _ => "loading",
    };

    /// <summary>Null for a task that this release does not know.</summary>
    public ModelTask? Task => ModelTask.Find(Card.Task);

    /// <summary>Versions, the newest first, each with the number of workers that have it loaded.</summary>
    public IEnumerable<(ModelCard Card, int Workers)> Versions => Served.GroupBy(model => model.Card.Version)
        .Select(group => (group.First().Card, group.Count(model => model.Ready)))
        .OrderByDescending(version => version.Card.CreatedAt).ThenByDescending(version => version.Card.Version, StringComparer.Ordinal);

    /// <summary>What workers measure now, in words.</summary>
    public string Speed
    {
        get
        {
            var (slots, active) = (Served.Sum(model => model.Slots), Served.Sum(model => model.Active));
            var queued = Served.Sum(model => model.Queued);
            var running = slots > 0 ? $"{Show.Count(active)} of {Show.Count(slots)} places taken" : $"{Show.Count(active)} requests run";
            var speed = Served.Sum(model => model.TokensPerSecond);
            return (speed > 0 ? string.Create(CultureInfo.InvariantCulture, $"{speed:0.#} tokens a second, ") : "")
                + running + (queued > 0 ? $", {Show.Count(queued)} waiting" : "");
        }
    }

    /// <summary>How far the numbers are from the source's, in words; null where they were not compared.</summary>
    public string? Parity => Card.Parity is not { } parity ? null : string.Create(
        CultureInfo.InvariantCulture,
        $"At {parity.Agreed} of {parity.Tokens} places of a text it finds the same next token likeliest as its source. Its expectations "
        + $"differ by {parity.Divergence:0.#####} nats on average, and its perplexity is {parity.Perplexity:0.##} (source "
        + $"{parity.SourcePerplexity:0.##}).");

    /// <summary>What a project can call, by name: neither hidden models nor those that belong to another project.</summary>
    /// <param name="fleet">What a gateway sees; null while none answers.</param>
    /// <param name="hidden">Names that the operator hides.</param>
    public static IEnumerable<CallableModel> List(
        Contracts.Catalogue.Fleet? fleet, IReadOnlyCollection<string> hidden, Guid organizationId, Guid projectId) => Ordered(fleet)
        .Where(model => !hidden.Contains(model.Card.Name) && model.Card.IsOpenTo(organizationId, projectId))
        .GroupBy(model => model.Card.Name).OrderBy(model => model.Key, StringComparer.Ordinal)
        .Select(model => new CallableModel([.. model]));

    /// <summary>Finds a model of <see cref="List"/>; null for no such model.</summary>
    public static CallableModel? Find(
        string name, Contracts.Catalogue.Fleet fleet, IReadOnlyCollection<string> hidden, Guid organizationId, Guid projectId) =>
        List(fleet, hidden, organizationId, projectId).FirstOrDefault(model => model.Card.Name == name);

    /// <summary>The price in force for an organization: its own before that of all, the model's before that of its base.</summary>
    public ModelPrice? FindPrice(PriceSnapshot prices, Guid organizationId, DateTimeOffset now) => prices.Prices
        .Where(price => (price.Model == Card.Name || price.Model == Card.PricedAs) && price.EffectiveFrom <= now
            && (price.OrganizationId is null || price.OrganizationId == organizationId))
        .OrderByDescending(price => price.Model == Card.Name).ThenByDescending(price => price.OrganizationId.HasValue)
        .ThenByDescending(price => price.EffectiveFrom).FirstOrDefault();

    /// <summary>The amounts of a price that the model's task uses.</summary>
    public IEnumerable<PriceMember> PriceMembers()
    {
        var uses = (Task ?? ModelTask.Chat).Uses;
        return PriceMember.All.Where(member => (member.Set & uses) != UnitSet.None);
    }

    private static IEnumerable<ServedModel> Ordered(Contracts.Catalogue.Fleet? fleet) =>
        (fleet?.Workers ?? []).SelectMany(worker => worker.Status?.Models ?? [])
        .OrderByDescending(model => model.Ready).ThenByDescending(model => model.Card.CreatedAt);
}
