using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Gateway.Redis;

/// <summary>
/// A Lua script that Redis knows by its hash; sent whole only to a server that does not know it. Such a server has just started or has
/// taken another one's place: it is looked at before it learns the script, so nothing is spent from one that keeps data. Thread-safe.
/// </summary>
internal sealed class EmbeddedScript(string name, string text)
{
#pragma warning disable CA5350 // EVALSHA names scripts by SHA-1; nothing secret rests on it.
    private readonly byte[] _hash = SHA1.HashData(Encoding.UTF8.GetBytes(text));
#pragma warning restore CA5350

    /// <summary>The script's text, for tests that put their own clock into it.</summary>
    public string Text => text;

    /// <summary>Reads an embedded <c>.lua</c> file by its name.</summary>
    public static EmbeddedScript Load(string file)
    {
        using var stream = typeof(EmbeddedScript).Assembly.GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"The script {file} is not embedded.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return new EmbeddedScript(Path.GetFileNameWithoutExtension(file), reader.ReadToEnd());
    }

    /// <summary>Runs the script over one key.</summary>
    /// <exception cref="RedisUnavailableException">No answer in time: the outcome is unknown.</exception>
    public async Task<RedisResult[]> RunAsync(TillSafety till, RedisKey key, RedisValue[] values, CancellationToken cancellationToken)
    {
        try
        {
            return (RedisResult[])(await till.Redis.CallAsync(
                new RedisCall("EVALSHA", name), db => db.ScriptEvaluateAsync(_hash, [key], values), cancellationToken))!;
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            await till.LookAgainAsync(cancellationToken);
            object[] arguments = [text, 1, key, .. values]; // By its key it goes to the server that holds it; SCRIPT LOAD goes to any.
            return (RedisResult[])(await till.Redis.CallAsync(
                new RedisCall("EVAL", name), db => db.ExecuteAsync("EVAL", arguments), cancellationToken))!;
        }
    }
}
