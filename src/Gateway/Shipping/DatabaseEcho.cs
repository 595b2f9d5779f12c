using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Journal;

namespace Tollgate.Gateway.Shipping;

/// <summary>Keeps the newest state of its database that Billing answered with, and sends it with each call to Billing.</summary>
internal sealed class DatabaseEcho(JournalFile journal) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (journal.Shipped.Seen is { Length: > 0 } seen)
        {
            request.Headers.TryAddWithoutValidation(DatabaseHeader.Name, seen);
        }

        var response = await base.SendAsync(request, cancellationToken);
        if (response.Headers.TryGetValues(DatabaseHeader.Name, out var values)
            && values.First() is { Length: > 0 and <= DatabaseHeader.LongestValue } newest)
        {
            journal.Shipped.Seen = newest;
        }

        return response;
    }
}
