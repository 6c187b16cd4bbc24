import asyncio

from chargers.ocpp.eager import run_eagerly


async def test_what_need_not_wait_is_done_at_once():
    done = []

    async def work():
        done.append(1)

    run_eagerly(work())
    assert done == [1]


async def test_the_rest_of_what_waits_goes_on_by_itself():
    gate, second, done = asyncio.Event(), asyncio.Event(), []

    async def work():
        done.append("begun")
        await gate.wait()
        done.append("through the gate")
        await asyncio.sleep(0)
        await second.wait()
        done.append("ended")

    run_eagerly(work())
    assert done == ["begun"]
    gate.set()
    await asyncio.sleep(0.01)
    assert done == ["begun", "through the gate"]
    second.set()
    await asyncio.sleep(0.01)
    assert done == ["begun", "through the gate", "ended"]


async def test_errors_stay_inside():
    gate = asyncio.Event()

    async def fails_at_once():
        raise OSError

    async def fails_later():
        await gate.wait()
        raise OSError

    run_eagerly(fails_at_once())
    run_eagerly(fails_later())
    gate.set()
    await asyncio.sleep(0.01)


async def test_other_awaitables_become_tasks():
    future = asyncio.get_running_loop().create_future()
    run_eagerly(future)
    future.set_result(None)
    await asyncio.sleep(0)


async def test_waiters_go_on_in_their_order():
    gate, order = asyncio.Event(), []

    async def work(number):
        await gate.wait()
        order.append(number)

    for number in range(5):
        run_eagerly(work(number))
    gate.set()
    await asyncio.sleep(0.01)
    assert order == [0, 1, 2, 3, 4]
