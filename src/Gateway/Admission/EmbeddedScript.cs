using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Gateway.Admission;

/// <summary>A Lua script that Redis knows by its hash; sent whole only to a Redis that has forgotten it. Thread-safe.</summary>
internal sealed class EmbeddedScript(string text)
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
        return new EmbeddedScript(reader.ReadToEnd());
    }

    /// <summary>Runs the script over one key.</summary>
    /// <exception cref="RedisUnavailableException">No answer in time: the outcome is unknown.</exception>
    public async Task<RedisResult[]> RunAsync(RedisConnection redis, RedisKey key, RedisValue[] values, CancellationToken cancellationToken)
    {
        try
        {
            return (RedisResult[])(await redis.CallAsync(db => db.ScriptEvaluateAsync(_hash, [key], values), cancellationToken))!;
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            await redis.CallAsync(db => db.ExecuteAsync("SCRIPT", "LOAD", text), cancellationToken);
            return (RedisResult[])(await redis.CallAsync(db => db.ScriptEvaluateAsync(_hash, [key], values), cancellationToken))!;
        }
    }
}
