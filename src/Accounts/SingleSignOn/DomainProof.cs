using System.Net;
using DnsClient;
using Microsoft.Extensions.Options;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>Looks up the TXT records that prove domains. Caches nothing, as a person waits for a new record. Thread-safe.</summary>
internal sealed class DomainProof
{
    private readonly LookupClient _client;

    public DomainProof(IOptions<SingleSignOnOptions> options)
    {
        var servers = options.Value.NameServer is { } text
            ? new LookupClientOptions(WithPort(IPEndPoint.Parse(text)))
            : new LookupClientOptions();
        servers.UseCache = false;
        servers.Timeout = TimeSpan.FromSeconds(5);
        servers.Retries = 1;
        _client = new LookupClient(servers);
    }

    /// <summary>Whether a record holds a text. Returns a fault for people when it does not; null when it does.</summary>
    public async Task<string?> FindFaultAsync(string name, string text, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await _client.QueryAsync(name, QueryType.TXT, cancellationToken: cancellationToken);
            var texts = answer.Answers.TxtRecords().Select(record => string.Concat(record.Text)).ToList();
            return texts.Contains(text) ? null : texts.Count == 0
                ? $"{name} has no TXT record yet. New records can take an hour to be seen everywhere."
                : $"{name} has a TXT record, but not the text '{text}'.";
        }
        catch (DnsResponseException exception)
        {
            return $"The name servers do not answer about {name}: {exception.DnsError}.";
        }
    }

    private static IPEndPoint WithPort(IPEndPoint server) => server.Port == 0 ? new IPEndPoint(server.Address, 53) : server;
}
