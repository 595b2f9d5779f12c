using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Learning.Responses;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Learning.Housekeeping;

/// <summary>Removes responses whose time is over. Safe on several instances at once.</summary>
internal sealed class ResponseHousekeeping(
    ResponseTable responses, IOptions<HousekeepingOptions> options, TimeProvider clock, ILogger<ResponseHousekeeping> logger)
    : RecurringWork(new Rhythm(options.Value.Every), clock, logger)
{
    private const int Most = 100;

    protected override string Failure => "Responses cannot be looked after";

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        while (await responses.RemoveExpiredAsync(Most, cancellationToken) == Most)
        {
        }
    }
}
